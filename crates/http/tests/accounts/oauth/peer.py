"""A client of OAuth 2.0 that another maker's library is.

peer.py PORT (which it does not need). Each line of the input is a JSON object that says what to do;
one JSON line answers what came of it.
"""

import json
import os
import sys

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # this machine alone

from oauthlib.oauth2 import BackendApplicationClient
from requests_oauthlib import OAuth2Session

sessions = {}


def jobs(session, metadata):
    return session.get(metadata["issuer"] + "/api/v1/jobs", timeout=20).status_code


def act_by_itself(asked):
    client = BackendApplicationClient(client_id=asked["client_id"])
    session = OAuth2Session(client=client)
    session.trust_env = False
    metadata = session.request(
        "GET", asked["metadata"], withhold_token=True, timeout=20
    ).json()
    token = session.fetch_token(
        metadata["token_endpoint"],
        client_id=asked["client_id"],
        client_secret=asked["client_secret"],
    )
    return {"jobs": jobs(session, metadata), "scope": token["scope"]}


def begin(asked):
    session = OAuth2Session(
        asked["client_id"], redirect_uri=asked["redirect_uri"], scope="read", pkce="S256"
    )
    session.trust_env = False
    metadata = session.request(
        "GET", asked["metadata"], withhold_token=True, timeout=20
    ).json()
    url, _ = session.authorization_url(metadata["authorization_endpoint"])
    sessions["one"] = (session, metadata)
    return {"url": url}


def finish(asked):
    session, metadata = sessions["one"]
    first = session.fetch_token(
        metadata["token_endpoint"],
        authorization_response=asked["location"],
        include_client_id=True,
    )
    read = jobs(session, metadata)
    second = session.refresh_token(
        metadata["token_endpoint"], client_id=session.client_id
    )
    return {
        "jobs": [read, jobs(session, metadata)],
        "renewed": first["access_token"] != second["access_token"],
    }


deeds = {"itself": act_by_itself, "begin": begin, "finish": finish}
print(json.dumps({"ready": True}), flush=True)
# Ends with the pipe of whoever started it.
for line in sys.stdin:
    asked = json.loads(line)
    try:
        said = deeds[asked["deed"]](asked)
    except Exception as error:  # what the library says of us
        said = {"error": repr(error)}
    print(json.dumps(said), flush=True)
