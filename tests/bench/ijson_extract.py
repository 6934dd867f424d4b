"""A contestant: the timestamps of a file by ijson, one a line."""

import sys

import ijson

with open(sys.argv[1], "rb") as file:
    for timestamp in ijson.items(file, "data.updates.item.timestamp"):
        sys.stdout.write(f"{timestamp}\n")
