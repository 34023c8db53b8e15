"""The single faults of `touchstone echo --fault NAME`, for the scripts that look who notices them."""
import subprocess

from servers import TOUCHSTONE


def faults():
    """A row for each fault and each role that can have it."""
    lines = subprocess.run([TOUCHSTONE, "echo", "--list-faults"], check=True, capture_output=True, text=True).stdout
    for line in lines.splitlines():
        name, roles, level, requirement, text = line.split(None, 4)
        for role in roles.split(","):
            yield {"name": name, "role": role, "level": level, "requirement": requirement, "text": text}


def proxy_faults():
    """A row for each fault of `touchstone echo --proxy-fault NAME`."""
    lines = subprocess.run([TOUCHSTONE, "echo", "--list-proxy-faults"], check=True, capture_output=True, text=True).stdout
    for line in lines.splitlines():
        name, level, requirement, text = line.split(None, 3)
        yield {"name": name, "role": "proxy", "level": level, "requirement": requirement, "text": text}


def told_faults():
    """A row for each fault of `touchstone echo --obey URL --told-fault NAME`."""
    lines = subprocess.run([TOUCHSTONE, "echo", "--list-told-faults"], check=True, capture_output=True, text=True).stdout
    for line in lines.splitlines():
        name, level, requirement, text = line.split(None, 3)
        yield {"name": name, "role": "told", "level": level, "requirement": requirement, "text": text}
