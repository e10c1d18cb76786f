"""Trains trees with XGBoost or LightGBM on one thread. Reads jobs as lines of JSON, and answers each with a line: how long the training took.

A job: library, matrix and labels (paths of float32), rows, columns, train (the number of rows that are trained on), categories (the numbers of the columns
that are categories), logistic, trees, eta, depth, out (the path for the predictions of the other rows).
"""

import json
import sys
import time

import lightgbm
import numpy
import xgboost


def with_xgboost(job, x, y):
    types = ['c' if at in job['categories'] else 'q' for at in range(job['columns'])]
    matrix = lambda rows, labels: xgboost.DMatrix(rows, labels, feature_types=types, enable_categorical=True, nthread=1)
    objective = 'binary:logistic' if job['logistic'] else 'reg:squarederror'
    params = {'objective': objective, 'eta': job['eta'], 'max_depth': job['depth'], 'tree_method': 'hist', 'nthread': 1}
    started = time.perf_counter()
    model = xgboost.train(params, matrix(x[: job['train']], y[: job['train']]), job['trees'])
    return time.perf_counter() - started, model.predict(matrix(x[job['train'] :], None))


def with_lightgbm(job, x, y):
    objective = 'binary' if job['logistic'] else 'regression'
    leaves = 2 ** job['depth']
    params = {
        'objective': objective, 'learning_rate': job['eta'], 'max_depth': job['depth'], 'num_leaves': leaves, 'num_threads': 1,
        'verbose': -1,
    }
    started = time.perf_counter()
    data = lightgbm.Dataset(x[: job['train']], y[: job['train']], categorical_feature=job['categories'])
    model = lightgbm.train(params, data, job['trees'])
    return time.perf_counter() - started, model.predict(x[job['train'] :], num_threads=1)


for line in sys.stdin:
    job = json.loads(line)
    x = numpy.fromfile(job['matrix'], 'f4').reshape(job['rows'], job['columns'])
    y = numpy.fromfile(job['labels'], 'f4')
    train = {'XGBoost': with_xgboost, 'LightGBM': with_lightgbm}[job['library']]
    seconds, predictions = train(job, x, y)
    predictions.astype('f4').tofile(job['out'])
    print(json.dumps({'seconds': seconds}), flush=True)
