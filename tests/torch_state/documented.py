"""The functions that docs/dialects.md shows for PyTorch's optimizer state, taken from there: tested as documented."""

import pathlib
import re

DOCS = pathlib.Path(__file__).parent.parent.parent / "docs" / "dialects.md"
BLOCKS = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
exec("\n".join(block for block in BLOCKS if "_torch_state(" in block))
