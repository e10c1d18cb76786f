import { defineError } from 'nbserve/host';

export const NotANotebook = defineError('NBS_NOT_A_NOTEBOOK', 400, '{file} is no Jupyter notebook of format 4: {reason}');
