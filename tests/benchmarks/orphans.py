"""Creates keys with the official Python SDK and prints, as JSON, the ids of those it returned."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

from fireworks import Fireworks

url, count, at_once = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
client = Fireworks(api_key="fw_local_admin", account_id="local", base_url=url)


def create(_: int) -> str | None:
    try:
        return client.api_keys.create("ci-bot", api_key={"display_name": "benchmark"}).key_id
    except Exception:
        return None


with ThreadPoolExecutor(at_once) as pool:
    print(json.dumps([key_id for key_id in pool.map(create, range(count)) if key_id]))
