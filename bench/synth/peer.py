"""A peer as its own users write it: peer.py NAME REAL.csv OUT.csv ROWS SEED [EPOCHS]."""

import json
import sys
import time
import warnings

import pandas as pd

warnings.filterwarnings("ignore")


def main():
    name, real_path, out_path, rows, seed = sys.argv[1:6]
    import numpy
    import torch
    from sdv.metadata import Metadata
    from sdv.single_table import CTGANSynthesizer, GaussianCopulaSynthesizer, TVAESynthesizer
    numpy.random.seed(int(seed))
    torch.manual_seed(int(seed))
    torch.set_num_threads(2)
    real = pd.read_csv(real_path)
    start = time.perf_counter()
    tables = {"table": real}
    metadata = Metadata.detect_from_dataframes(tables)
    if name == "sdv_copula":
        synthesizer = GaussianCopulaSynthesizer(metadata)
    else:
        kind = {"ctgan": CTGANSynthesizer, "tvae": TVAESynthesizer}[name]
        synthesizer = kind(metadata, epochs=int(sys.argv[6]))
    synthesizer.fit(tables)
    drawn = synthesizer.sample(num_rows=int(rows))
    # One table, under its name.
    drawn = drawn["table"] if isinstance(drawn, dict) else drawn
    drawn.to_csv(out_path, index=False)
    print(json.dumps({"seconds": time.perf_counter() - start}))


if __name__ == "__main__":
    main()
