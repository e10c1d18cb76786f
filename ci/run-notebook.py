"""Executes a notebook with the nbserve kernel under papermill and nbclient, as Jupyter users and their CI do.

Usage: run-notebook.py NOTEBOOK
The kernel is installed into a temporary prefix, so nothing of the user's is touched.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
import papermill

notebook = Path(sys.argv[1])

with tempfile.TemporaryDirectory() as prefix:
    subprocess.run(["node", "lib/bin/nbserve.js", "install", "--prefix", prefix], check=True, stdout=subprocess.DEVNULL)
    os.environ["JUPYTER_PATH"] = str(Path(prefix) / "share" / "jupyter")
    output = Path(prefix) / notebook.name
    papermill.execute_notebook(str(notebook), str(output), cwd=str(notebook.parent), kernel_name="nbserve", progress_bar=False)

    errors = [
        out
        for cell in nbformat.read(output, as_version=4).cells
        if "raises-exception" not in cell.metadata.get("tags", [])
        for out in cell.get("outputs", [])
        if out.output_type == "error"
    ]
    if errors:
        sys.exit("\n".join(errors[0].traceback))
