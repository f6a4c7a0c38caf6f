"""The scripts of benchmarks/ import each other as they do when one of them runs: by their bare names."""

import sys

from tests.conftest import ROOT

sys.path.append(str(ROOT / "benchmarks"))
