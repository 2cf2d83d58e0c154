
from contextlib import contextmanager
import subprocess, socket, time, http.client
@contextmanager
def oci_registry(folder):
    folder.mkdir()
    with socket.socket() as s:
        s.bind(("127.0.0.1",0)); port=s.getsockname()[1]
    (folder/"c.yml").write_text(f"version: 0.1\nstorage:\n  filesystem: {{rootdirectory: {folder}/data}}\n  delete: {{enabled: true}}\nhttp: {{addr: 127.0.0.1:{port}}}\n")
    p=subprocess.Popen(["docker-registry","serve",str(folder/"c.yml")],stdout=subprocess.DEVNULL,stderr=subprocess.DEVNULL)
    for _ in range(200):
        try: socket.create_connection(("127.0.0.1",port)).close(); break
        except OSError: time.sleep(.05)
    try: yield f"127.0.0.1:{port}"
    finally: p.terminate(); p.wait()
