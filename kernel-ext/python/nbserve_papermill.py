"""Parameters of papermill for notebooks in TypeScript. papermill imports this file by its entry point."""

import json
import math
import re

from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators

# Integers beyond these are no exact numbers in JavaScript.
LARGEST = 2**53 - 1

DECLARATION = re.compile(
    r'^(?:export\s+)?(?:const|let|var)\s+([\w$]+)\s*(?::\s*([^=]+?))?\s*=\s*(.+?)\s*;?\s*(?://\s*(.*))?$'
)


class TypeScriptTranslator(Translator):
    @classmethod
    def translate_none(cls, val):
        return 'null'

    @classmethod
    def translate_escaped_str(cls, str_val):
        # With escapes for everything beyond ASCII, this is JavaScript too.
        return json.dumps(str(str_val))

    @classmethod
    def translate_int(cls, val):
        return f'{val}n' if abs(val) > LARGEST else f'{val}'

    @classmethod
    def translate_float(cls, val):
        if math.isnan(val):
            return 'NaN'
        if math.isinf(val):
            return 'Infinity' if val > 0 else '-Infinity'
        return repr(val)

    @classmethod
    def translate_dict(cls, val):
        # A key without brackets would set the prototype if it is `__proto__`.
        return '{ ' + ', '.join(f'[{cls.translate_str(key)}]: {cls.translate(value)}' if key == '__proto__'
                                else f'{cls.translate_str(key)}: {cls.translate(value)}' for key, value in val.items()) + ' }'

    @classmethod
    def translate_list(cls, val):
        return '[' + ', '.join(cls.translate(value) for value in val) + ']'

    @classmethod
    def comment(cls, cmt_str):
        return f'// {cmt_str}'.strip()

    @classmethod
    def assign(cls, name, str_val):
        # Later cells may assign to a parameter, and a later cell may declare it again.
        return f'let {name} = {str_val};'

    @classmethod
    def inspect(cls, parameters_cell):
        found = (DECLARATION.match(line.strip()) for line in parameters_cell['source'].splitlines())
        return [Parameter(name, (kind or 'None').strip(), default, note or '')
                for name, kind, default, note in (match.groups() for match in found if match)]


papermill_translators.register('typescript', TypeScriptTranslator)


def __getattr__(name):
    """The engine that the entry point names. It is papermill's own: only the translator is new."""
    if name != 'engine':
        raise AttributeError(name)
    from papermill.engines import NBClientEngine

    return NBClientEngine
