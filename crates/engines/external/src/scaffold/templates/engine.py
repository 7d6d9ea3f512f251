import json, sys

def send(type, run, **fields):
    print(json.dumps({"type": type, "run": run, **fields}), flush=True)

def greet(run, params):
    send("progress", run, fraction=0.5)
    return {"greeting": f"Hello, {params['name']}!"}

OPERATIONS = {"__NAME__.greet": greet}
MANIFEST = json.load(open("manifest.json"))
for line in sys.stdin:
    message = json.loads(line)
    run = message.get("run")
    if message["type"] == "hello": send("ready", run, protocol=1, engine=MANIFEST)
    if message["type"] == "run":
        try: send("done", run, report=OPERATIONS[message["operation"]](run, message["params"]))
        except Exception as error: send("failed", run, kind="bug", message=repr(error))
