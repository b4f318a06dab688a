"""An S3 server of the tests' own."""

import contextlib

import boto3
import httpx
from moto.server import ThreadedMotoServer

KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


@contextlib.contextmanager
def s3_server():
    """Run a server with the bucket `pictures`; yields a client and the server's address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    # The servers of a process share all that they keep.
    httpx.post(f"{endpoint}/moto-api/reset", timeout=60).raise_for_status()
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **KEYS)
    with contextlib.closing(client):
        client.create_bucket(Bucket="pictures")
        yield client, endpoint
    server.stop()
