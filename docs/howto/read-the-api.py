#!/usr/bin/env python3
"""Reads the API of a cell with nothing but Python and ssh-keygen:

    python3 read-the-api.py profile.json KEY /api/v1/now

It signs a session statement, as any statement is signed, gets a token for it and
reads one path. KEY is a file that `ssh-keygen -Y sign -f` takes.
"""

import base64
import hashlib
import http.client
import json
import os
import ssl
import subprocess
import sys
import time
import urllib.parse


def public_key(certificate):
    """The SubjectPublicKeyInfo of a certificate, both DER."""

    def parts(data):
        while data:
            length, begin = data[1], 2
            if length & 0x80:
                begin += length & 0x7F
                length = int.from_bytes(data[2:begin], "big")
            yield data[0], data[: begin + length], data[begin : begin + length]
            data = data[begin + length :]

    body = next(parts(next(parts(certificate))[2]))[2]
    fields = [whole for tag, whole, _ in parts(body) if tag != 0xA0]  # without the version
    return fields[5]  # after serial, algorithm, issuer, validity, subject


def connect(profile):
    """A connection to the server whose key the profile pins, and to no other."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # the pin is what counts
    url = urllib.parse.urlparse(profile["url"])
    server = http.client.HTTPSConnection(url.hostname, url.port, context=context, timeout=60)
    server.connect()
    key = hashlib.sha256(public_key(server.sock.getpeercert(True))).hexdigest()
    if key != profile["server_key"]:
        sys.exit("another server than the profile pins: " + key)
    return server


def ask(server, method, path, body=None, headers={}):
    server.request(method, path, body, headers)
    answer = server.getresponse()
    text = answer.read()
    if answer.status >= 400:
        problem = json.loads(text)
        sys.exit(f"{problem['reason']}: {problem.get('detail', problem['title'])}")
    return text


def sign(key, kind, statement):
    """Signs canonical bytes: sorted members, no white space, and nothing but ASCII in them here."""
    data = json.dumps(statement, sort_keys=True, separators=(",", ":")).encode()
    command = ["ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", "halligan.v1." + kind]
    armored = subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout.decode()
    signature = "".join(armored.splitlines()[1:-1])
    # The very bytes that were signed go into the body, not another spelling of them.
    return b'{"statement":' + data + b',"signature":{"sshsig":"' + signature.encode() + b'"}}'


def main(profile_file, key, path):
    with open(profile_file, encoding="utf-8") as file:
        profile = json.load(file)
    server = connect(profile)
    origin, size, root = ask(server, "GET", "/ledger/checkpoint").decode().splitlines()[:3]
    session = {
        "halligan": "v1", "kind": "session", "actor": profile["person"], "ledger": origin, "for": 300,
        "expires": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + 300)), "nonce": os.urandom(32).hex(),
        "seen": {"size": int(size), "root": base64.b64decode(root).hex()},
    }
    body = sign(key, "session", session)
    taken = json.loads(ask(server, "POST", "/api/v1/statements", body, {"Content-Type": "application/json"}))
    print(ask(server, "GET", path, headers={"Authorization": "Bearer " + taken["session"]["token"]}).decode(), end="")


if __name__ == "__main__":
    main(*sys.argv[1:])
