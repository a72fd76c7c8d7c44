"""Small named facts from files that say what a project runs: services, kinds, resource types."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_MOST = 400
_Reader = Callable[[str], Iterator[str]]

_FROM = re.compile(r"^FROM\s+(?:--\S+\s+)?([^\s$]+)", re.M | re.I)
_SERVICES = re.compile(r"^services:[ \t]*\n((?:[ \t]+.*\n?|[ \t]*#.*\n|[ \t]*\n)*)", re.M)
_SERVICE = re.compile(r"""^(?: {2}|\t| {4})["']?([A-Za-z][\w.-]*)["']?:[ \t]*(?:#.*)?$""", re.M)
_IMAGE = re.compile(r"""^[ \t]+image:[ \t]*["']?([^\s"'#]+)""", re.M)
_API = re.compile(r"^apiVersion:\s*\S", re.M)
_KIND = re.compile(r"""^kind:\s*["']?([A-Za-z]+)""", re.M)
_CRD = re.compile(r"^apiVersion:\s*([\w.-]+)/", re.M)
_HOSTS = re.compile(r"""^(?:-[ \t]+|  )hosts:[ \t]*["']?([^"'\n]*)""", re.M)
_PLAYBOOK = re.compile(
    r"^-[ \t]+(?:(?:ansible\.builtin\.)?import_playbook|(?:name:.*\n[ \t]+)?hosts):", re.M
)
_ROLES = re.compile(r"^[ \t]{2,}roles:[ \t]*\n((?:[ \t]+-.*\n?)+)", re.M)
_ROLE = re.compile(r"""^[ \t]+-[ \t]+(?:\{?[ \t]*role:[ \t]*)?["']?([\w.-]+)""", re.M)
_MODULE = re.compile(
    r"""^[ \t]{2,}["']?((?:ansible|community|kubernetes)\.[\w.]+|apt|yum|dnf|package|pip"""
    r"""|copy|template|file|service|systemd|user|group|lineinfile|shell|command|get_url|unarchive|cron|ufw"""
    r"""|docker_container|docker_compose|include_role|import_tasks|include_tasks)["']?:""",
    re.M,
)
_TERRAFORM = re.compile(
    r"""^[ \t]*(resource|provider|backend|module|data)[ \t]+"([\w-]{1,100})\"""", re.M
)
_CF_TYPE = re.compile(r"""["']?Type["']?\s*:\s*["']?((?:AWS|Custom|Alexa)::[\w:]+)""")
_CF = re.compile(r"AWSTemplateFormatVersion|AWS::Serverless|[\"']?Resources[\"']?\s*:")
_BICEP = re.compile(r"^[ \t]*resource[ \t]+\w+[ \t]+'([\w./]+)@", re.M)
_ARM = re.compile(r"\"type\"\s*:\s*\"(Microsoft\.[\w./]+)\"")
_PROCESS = re.compile(r"^([A-Za-z][\w-]*):[ \t]*\S", re.M)
_RUNTIME = re.compile(r"^runtime:\s*(?:\n\s+name:\s*)?([\w-]+)", re.M)
_IMPORT = re.compile(r"^[ \t]*(?:import|from)[ \t]+([A-Za-z_]\w*)", re.M)
_HELM = re.compile(r"^name:\s*\S", re.M)


def read(path: str, text: str) -> tuple[str, ...]:
    """Facts of one file such as ``compose:db`` or ``terraform:aws_vpc``, each once, lower case."""
    found: dict[str, None] = {}
    name = path.rpartition("/")[2].lower()
    for reader in _readers(name):
        for fact in reader(text):
            found[fact.lower()] = None
            if len(found) >= _MOST:
                return tuple(found)
    return tuple(found)


def _readers(name: str) -> tuple[_Reader, ...]:
    if name.startswith(("dockerfile", "containerfile")) or name.endswith(".dockerfile"):
        return (_dockerfile,)
    if name.startswith("procfile"):
        return (_procfile,)
    return _BY_ENDING.get(name[name.rfind(".") :], ())


def kind(name: str) -> str:
    """The kind of file (by lower-case name) that may hold facts; empty for others."""
    if name.startswith(("dockerfile", "containerfile", "procfile")) or name.endswith(".dockerfile"):
        return "runtime"
    ending = name[name.rfind(".") :]
    return _KINDS.get(ending, "")


def image_name(image: str) -> str:
    """``ghcr.io/org/postgres:16`` as ``postgres``; variables keep their default."""
    image = re.sub(r"\$\{\w+:?-([^}]*)\}", r"\1", image)
    return re.split(r"[:@$]", image.rpartition("/")[2])[0]


def _dockerfile(text: str) -> Iterator[str]:
    yield "docker:file"
    for image in _FROM.findall(text):
        if name := image_name(image):
            yield f"base:{name}"


def _procfile(text: str) -> Iterator[str]:
    for process in _PROCESS.findall(text):
        yield f"process:{process}"


def _compose(text: str) -> Iterator[str]:
    block = _SERVICES.search(text)
    if block is None or not re.search(r"^[ \t]+(image|build)\b", block.group(1), re.M):
        return
    yield "docker:compose"
    for service in _first_level(block.group(1)):
        yield f"compose:{service}"
    for image in _IMAGE.findall(block.group(1)):
        if name := image_name(image):
            yield f"image:{name}"


def _first_level(block: str) -> Iterator[str]:
    indent = ""
    for match in _SERVICE.finditer(block):
        lead = match.group(0)[: len(match.group(0)) - len(match.group(0).lstrip())]
        indent = indent or lead
        if lead == indent:
            yield match.group(1)


def _kubernetes(text: str) -> Iterator[str]:
    if not _API.search(text):
        return
    for found in _KIND.findall(text):
        yield f"kind:{found}"
    for group in _CRD.findall(text):
        yield f"api:{group}"


def _ansible(text: str) -> Iterator[str]:
    if _PLAYBOOK.search(text):
        yield "ansible:playbook"
        for hosts in _HOSTS.findall(text):
            yield f"hosts:{hosts.strip()[:80]}"
        for block in _ROLES.findall(text):
            for role in _ROLE.findall(block):
                yield f"role:{role}"
    if text.lstrip("-# \n").startswith("name:") or "\n- name:" in text or text.startswith("- "):
        for module in _MODULE.findall(text):
            yield f"task:{module.rpartition('.')[2]}"


def _cloudformation(text: str) -> Iterator[str]:
    if _CF.search(text):
        for resource in _CF_TYPE.findall(text):
            yield f"cloudformation:{resource}"


def _arm(text: str) -> Iterator[str]:
    if "deploymentTemplate.json" in text[:2000]:
        yield "arm:template"
        for resource in _ARM.findall(text):
            yield f"arm:{resource}"


def _terraform(text: str) -> Iterator[str]:
    for block, name in _TERRAFORM.findall(text):
        yield f"{'terraform' if block == 'resource' else block}:{name}"


def _bicep(text: str) -> Iterator[str]:
    for resource in _BICEP.findall(text):
        yield f"bicep:{resource}"


def _pulumi(text: str) -> Iterator[str]:
    if _HELM.search(text):
        for runtime in _RUNTIME.findall(text):
            yield f"pulumi:{runtime}"


def _python(text: str) -> Iterator[str]:
    for module in _IMPORT.findall(text):
        yield f"import:{module}"


_YAML = (_compose, _kubernetes, _ansible, _cloudformation, _pulumi)
_BY_ENDING: dict[str, tuple[_Reader, ...]] = {
    ".yml": _YAML,
    ".yaml": _YAML,
    ".json": (_cloudformation, _arm),
    ".template": (_cloudformation,),
    ".tf": (_terraform,),
    ".bicep": (_bicep,),
    ".py": (_python,),
}
_KINDS = {
    ".yml": "yaml",
    ".yaml": "yaml",
    ".json": "json",
    ".template": "json",
    ".tf": "terraform",
    ".bicep": "terraform",
    ".py": "python",
}
