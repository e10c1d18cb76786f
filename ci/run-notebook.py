"""Executes a notebook with the nbserve kernel under nbclient or papermill, as Jupyter users and their CI do.

Usage: run-notebook.py nbclient|papermill NOTEBOOK
The kernel is installed into a temporary prefix, so nothing of the user's is touched.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

runner, notebook = sys.argv[1], Path(sys.argv[2])

with tempfile.TemporaryDirectory() as prefix:
    subprocess.run(["npx", "nbserve", "install", "--prefix", prefix], check=True, stdout=subprocess.DEVNULL)
    os.environ["JUPYTER_PATH"] = str(Path(prefix) / "share" / "jupyter")
    output = Path(prefix) / notebook.name
    if runner == "nbclient":
        import nbformat
        from nbclient import NotebookClient

        document = nbformat.read(notebook, as_version=4)
        NotebookClient(document, timeout=300, kernel_name="nbserve", resources={"metadata": {"path": notebook.parent}}).execute()
        nbformat.write(document, output)
    else:
        import papermill

        papermill.execute_notebook(str(notebook), str(output), cwd=str(notebook.parent), kernel_name="nbserve", progress_bar=False)
    import nbformat

    errors = [
        out
        for cell in nbformat.read(output, as_version=4).cells
        if "raises-exception" not in cell.metadata.get("tags", [])
        for out in cell.get("outputs", [])
        if out.output_type == "error"
    ]
    if errors:
        sys.exit("\n".join(errors[0].traceback))
