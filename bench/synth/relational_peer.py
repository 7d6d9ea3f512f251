"""SDV's HMA as its own users write it: relational_peer.py FOLDER OUT SEED."""

import json
import pathlib
import sys
import time
import warnings

from relations import load

warnings.filterwarnings("ignore")


def main():
    folder, out, seed = sys.argv[1:4]
    import numpy
    from sdv.metadata import Metadata
    from sdv.multi_table import HMASynthesizer
    numpy.random.seed(int(seed))
    start = time.perf_counter()
    tables, about = load(folder)
    synthesizer = HMASynthesizer(Metadata.load_from_dict(about))
    synthesizer.fit(tables)
    drawn = synthesizer.sample_scale(scale=1.0)
    pathlib.Path(out).mkdir()
    for name, table in drawn.items():
        table.to_csv(pathlib.Path(out) / f"{name}.csv", index=False)
    print(json.dumps({"seconds": time.perf_counter() - start}))


if __name__ == "__main__":
    main()
