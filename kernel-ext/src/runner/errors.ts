import { defineError } from 'nbserve/host';

export const NoNotebook = defineError(
  'NBS_NO_NOTEBOOK',
  404,
  '{file} cannot be read: {reason}; give the path of a notebook, e.g. lesson.ipynb',
);
export const NotANotebook = defineError('NBS_NOT_A_NOTEBOOK', 400, '{file} is no Jupyter notebook of format 4: {reason}');
