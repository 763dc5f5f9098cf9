#!/bin/sh
# Makes the project on the shared volume, once, and its bucket; later runs bring the tables up to date.
set -eu
settings=/project/.countenance/settings.toml
countenance --project /project init --tenant "${TENANT}" --database "${DATABASE_URL}"
if ! grep -q '^blobs = ' "$settings"; then
    # Top-level values come before every table.
    { printf 'blobs = "s3://%s"\n' "${BUCKET}"; cat "$settings"; printf '\n[s3]\nendpoint = "%s"\n' "${S3_ENDPOINT}"; } \
        > "$settings.new"
    mv "$settings.new" "$settings"
fi
python - <<'PYTHON'
import os
import boto3
from botocore.exceptions import ClientError
s3 = boto3.client("s3", endpoint_url=os.environ["S3_ENDPOINT"], region_name=os.environ.get("AWS_REGION", "us-east-1"))
bucket = os.environ["BUCKET"].partition("/")[0]
try:
    s3.head_bucket(Bucket=bucket)
except ClientError:
    s3.create_bucket(Bucket=bucket)
PYTHON
countenance --project /project doctor || true
