"""Validates Kubernetes objects strictly against the schemas that kubernetes-validate carries.

Takes on standard input a JSON object {"versions": ["1.30", ...], "objects": [...]}, and prints one
JSON line for each object and version: {"object": index, "version": ..., "problem": null or text,
"known": whether that version knows the kind}. Whether a problem is a failure is for the caller.
"""

import functools
import json
import sys

import kubernetes_validate
from kubernetes_validate import utils

# The definitions that all schemas of a version share are megabytes: read once, not for each object.
utils.schema_contents = functools.cache(utils.schema_contents)


def problem(thing, version):
    try:
        kubernetes_validate.validate(thing, version, strict=True)
    except kubernetes_validate.SchemaNotFoundError:
        return None, False
    except kubernetes_validate.ValidationError as error:
        where = ".".join(str(step) for step in error.absolute_path)
        return f"{where}: {error.message}", True
    return None, True


def main():
    wanted = json.load(sys.stdin)
    for index, thing in enumerate(wanted["objects"]):
        for version in wanted["versions"]:
            text, known = problem(thing, version)
            line = {"object": index, "version": version, "problem": text, "known": known}
            print(json.dumps(line))


main()
