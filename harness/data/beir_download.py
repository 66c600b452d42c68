"""A published data set of BEIR, downloaded by beir itself."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from pathlib import Path

import requests

from harness.errors import DataError, RequestError, short_reason

ARCHIVES = "https://public.ukp.informatik.tu-darmstadt.de/thakur/BEIR/datasets"  # as BEIR's own examples have it


def download(name: str, folder: Path) -> None:
    """Write the data set `name`, such as scifact, into the new folder `folder`, in BEIR's layout.

    Raises RequestError for a folder that exists and for a name that is not one, and DataError where the data set
    cannot be had; nothing is left behind then. The publisher states no hashes: `harness data pin` records those found.
    """
    from beir.util import download_and_unzip

    if folder.exists():
        raise RequestError(f"{folder} exists; leave --beir out to use it, or name a new folder")
    if not name.replace("-", "").replace("_", "").isalnum():
        raise RequestError(f"--beir {name} is not the name of a data set; names are such as scifact or nfcorpus")
    url = f"{ARCHIVES}/{name}.zip"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".beir-", dir=folder.parent) as place:
        try:
            extracted = Path(download_and_unzip(url, place))
            shutil.move(str(extracted), str(folder))
        except zipfile.BadZipFile as error:  # beir takes an error page for the data
            raise DataError(f"{url} is not an archive: {name} is not among BEIR's data sets, see {ARCHIVES}") from error
        except (requests.RequestException, OSError) as error:
            raise DataError(
                f"{url} cannot be had: {short_reason(error)}; download and unzip it, and run without --beir"
            ) from error
