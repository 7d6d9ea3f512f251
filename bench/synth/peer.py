"""A peer as its own users write it: peer.py NAME REAL.csv OUT.csv ROWS SEED [EPOCHS]."""

import json
import logging
import pathlib
import sys
import tempfile
import time
import warnings

import pandas as pd

warnings.filterwarnings("ignore")
# What MOSTLY AI's engine may train.
TRAINING_MINUTES = 10


def with_sdv(name, real, rows, epochs):
    from sdv.metadata import Metadata
    from sdv.single_table import CTGANSynthesizer, GaussianCopulaSynthesizer, TVAESynthesizer
    tables = {"table": real}
    metadata = Metadata.detect_from_dataframes(tables)
    if name == "sdv_copula":
        synthesizer = GaussianCopulaSynthesizer(metadata)
    else:
        kind = {"ctgan": CTGANSynthesizer, "tvae": TVAESynthesizer}[name]
        synthesizer = kind(metadata, epochs=epochs)
    synthesizer.fit(tables)
    drawn = synthesizer.sample(num_rows=rows)
    # One table, under its name.
    return drawn["table"] if isinstance(drawn, dict) else drawn


def with_mostlyai(real, rows):
    from mostlyai import engine
    logging.disable(logging.INFO)
    with tempfile.TemporaryDirectory() as folder:
        workspace = pathlib.Path(folder)
        engine.split(workspace_dir=workspace, tgt_data=real, model_type="TABULAR")
        engine.analyze(workspace_dir=workspace)
        engine.encode(workspace_dir=workspace)
        engine.train(workspace_dir=workspace, max_training_time=TRAINING_MINUTES)
        engine.generate(workspace_dir=workspace, sample_size=rows)
        return pd.read_parquet(workspace / "SyntheticData")


def main():
    name, real_path, out_path, rows, seed = sys.argv[1:6]
    import numpy
    import torch
    numpy.random.seed(int(seed))
    torch.manual_seed(int(seed))
    torch.set_num_threads(2)
    real = pd.read_csv(real_path)
    start = time.perf_counter()
    if name == "mostlyai":
        drawn = with_mostlyai(real, int(rows))
    else:
        drawn = with_sdv(name, real, int(rows), int(sys.argv[6]))
    drawn.to_csv(out_path, index=False)
    print(json.dumps({"seconds": time.perf_counter() - start}))


if __name__ == "__main__":
    main()
