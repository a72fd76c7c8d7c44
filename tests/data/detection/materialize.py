# The script that belongs to the corpus, kept as it came so that both can be compared.
# fmt: off
# ruff: noqa: E501, C420, RUF005, UP
"""Create the directory tree of a detection-corpus entry.

The tree has the entry's paths as empty files, its manifests in their real
syntax (with dependency names only), short stubs where the entry has a marker
(a compose file with service names, a playbook with hosts, a Terraform file
with resource types, ...), a one-line README, spec.md, and one git commit.

    materialize.py --list
    materialize.py --id ID --out DIR          one entry, tree in DIR/ID
    materialize.py --all   --out DIR          every entry

Needs Python 3.9+ and git (unless --no-git); no other package.
"""
import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path, PurePosixPath

HERE = Path(__file__).resolve().parent


def load(corpus):
    files = [Path(corpus)] if corpus else sorted(HERE.glob("*.jsonl")) or sorted(HERE.glob("detection/*.jsonl"))
    if not files:
        sys.exit("no .jsonl file found; use --corpus")
    out = []
    for f in files:
        for line in f.read_text(encoding="utf-8").splitlines():
            if line.strip():
                out.append(json.loads(line))
    return out


def q(s):
    """A double-quoted scalar that YAML, TOML and HCL all accept."""
    return json.dumps(str(s), ensure_ascii=False)


def xml(s):
    return str(s).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def ident(s, used=None):
    s = re.sub(r"\W+", "_", str(s)).strip("_") or "x"
    s = "x" + s if s[0].isdigit() else s
    if used is not None:
        base, n = s, 2
        while s in used:
            s, n = f"{base}_{n}", n + 1
        used.add(s)
    return s


# ---------------------------------------------------------------- manifests
def package_json(name, deps, dev, facts):
    d = {"name": re.sub(r"[^a-z0-9-]", "-", name.lower()).strip("-") or "pkg", "version": "0.0.0"}
    if facts.get("private"):
        d["private"] = True
    for key, value in (("main", "index.js"), ("module", "index.mjs"), ("exports", {".": "./index.js"}),
                       ("bin", {"run": "bin/run.js"}), ("files", ["dist"]), ("workspaces", ["packages/*"])):
        if facts.get(key):
            d[key] = value
    if facts.get("scripts"):
        d["scripts"] = {s: "echo " + s.replace('"', "") for s in facts["scripts"]}
    if deps:
        d["dependencies"] = {x: "*" for x in deps}
    if dev:
        d["devDependencies"] = {x: "*" for x in dev}
    return json.dumps(d, indent=2, ensure_ascii=False) + "\n"


def composer_json(name, deps, dev, facts):
    d = {"name": "example/" + (re.sub(r"[^a-z0-9-]", "-", name.lower()).strip("-") or "pkg")}
    if facts.get("type"):
        d["type"] = facts["type"]
    d["require"] = {x: "*" for x in deps}
    if dev:
        d["require-dev"] = {x: "*" for x in dev}
    return json.dumps(d, indent=2) + "\n"


def pyproject(name, deps, dev, facts):
    t = ["[project]", f"name = {q(ident(name))}", 'version = "0.0.0"', "dependencies = ["]
    t += [f"    {q(x)}," for x in deps] + ["]"]
    if facts.get("scripts"):
        t += ["", "[project.scripts]"] + [f"{q(s)} = \"app:main\"" for s in facts["scripts"]]
    if dev:
        t += ["", "[project.optional-dependencies]", "dev = ["] + [f"    {q(x)}," for x in dev] + ["]"]
    return "\n".join(t) + "\n"


def cargo(name, deps, dev, facts):
    t = []
    if facts.get("package", True) and not (facts.get("workspace") and not facts.get("package")):
        t += ["[package]", f"name = {q(ident(name))}", 'version = "0.0.0"', 'edition = "2021"', ""]
    if facts.get("lib"):
        t += ["[lib]", 'path = "src/lib.rs"', ""]
    if facts.get("bin"):
        t += ["[[bin]]", 'name = "main"', 'path = "src/main.rs"', ""]
    if facts.get("workspace"):
        t += ["[workspace]", 'members = ["crates/*"]', ""]
    t += ["[workspace.dependencies]" if facts.get("workspace") and not facts.get("package") else "[dependencies]"]
    t += [f'{q(x)} = "*"' for x in dict.fromkeys(deps)]
    if dev:
        t += ["", "[dev-dependencies]"] + [f'{q(x)} = "*"' for x in dict.fromkeys(dev)]
    return "\n".join(t) + "\n"


def pom(name, deps, dev, facts):
    t = ['<project xmlns="http://maven.apache.org/POM/4.0.0">', "  <modelVersion>4.0.0</modelVersion>",
         "  <groupId>example</groupId>", f"  <artifactId>{xml(ident(name))}</artifactId>", "  <version>0</version>",
         "  <dependencies>"]
    for x in deps:
        g, _, a = x.rpartition(":")
        t.append(f"    <dependency><groupId>{xml(g)}</groupId><artifactId>{xml(a)}</artifactId></dependency>")
    return "\n".join(t + ["  </dependencies>", "</project>"]) + "\n"


def gradle(name, deps, dev, facts):
    t = ["plugins {"] + [f"    id({q(p)})" for p in facts.get("plugins", [])] + ["}", "", "dependencies {"]
    t += [f"    implementation({q(x + ':1.0')})" for x in deps] + [f"    testImplementation({q(x + ':1.0')})" for x in dev]
    return "\n".join(t + ["}"]) + "\n"


def csproj(name, deps, dev, facts):
    t = [f'<Project Sdk="{xml(facts.get("sdk", "Microsoft.NET.Sdk"))}">', "  <ItemGroup>"]
    tag = "PackageVersion" if name == "Directory.Packages" else "PackageReference"
    t += [f'    <{tag} Include="{xml(x)}" Version="1.0.0" />' for x in deps]
    return "\n".join(t + ["  </ItemGroup>", "</Project>"]) + "\n"


def manifest(path, deps, dev, facts, entry_name):
    b = PurePosixPath(path).name
    parent = PurePosixPath(path).parent.name or entry_name
    if b == "package.json":
        return package_json(parent, deps, dev, facts)
    if b == "composer.json":
        return composer_json(parent, deps, dev, facts)
    if b == "pyproject.toml":
        return pyproject(parent, deps, dev, facts)
    if b == "setup.py":
        return ("from setuptools import setup\n\nsetup(\n    name=" + q(ident(parent)) + ",\n    install_requires=[\n"
                + "".join(f"        {q(x)},\n" for x in deps) + "    ],\n)\n")
    if b == "Pipfile":
        return "\n".join(["[packages]"] + [f'{q(x)} = "*"' for x in deps] + ["", "[dev-packages]"] + [f'{q(x)} = "*"' for x in dev]) + "\n"
    if b == "Gemfile":
        return "\n".join(['source "https://rubygems.org"', ""] + (["gemspec"] if facts.get("gemspec") else []) + [f"gem {q(x)}" for x in deps]) + "\n"
    if b.endswith(".gemspec"):
        return "\n".join(["Gem::Specification.new do |s|", f"  s.name = {q(b[:-8])}", '  s.version = "0"']
                         + [f"  s.add_dependency {q(x)}" for x in deps] + [f"  s.add_development_dependency {q(x)}" for x in dev] + ["end"]) + "\n"
    if b == "go.mod":
        return "\n".join([f"module example.com/{ident(parent)}", "", "go 1.22", "", "require ("] + [f"\t{x} v0.0.0" for x in deps] + [")"]) + "\n"
    if b == "Cargo.toml":
        return cargo(parent, deps, dev, facts)
    if b == "pom.xml":
        return pom(parent, deps, dev, facts)
    if b in ("build.gradle", "build.gradle.kts"):
        return gradle(parent, deps, dev, facts)
    if b.endswith((".csproj", ".fsproj", ".props")):
        return csproj(b.rsplit(".", 1)[0], deps, dev, facts)
    if b == "Package.swift":
        return ("// swift-tools-version:5.7\nimport PackageDescription\n\nlet package = Package(\n    name: " + q(parent) + ",\n    dependencies: [\n"
                + "".join(f"        .package(url: {q(x)}, from: \"1.0.0\"),\n" for x in deps) + "    ]\n)\n")
    if b in ("packages.yml", "dependencies.yml"):
        return "packages:\n" + "".join(f"  - package: {q(x)}\n    version: \"1.0.0\"\n" for x in deps) if deps else "packages: []\n"
    if b == "galaxy.yml":
        return (f"namespace: example\nname: {ident(parent).lower()}\nversion: 1.0.0\n"
                + ("dependencies:\n" + "".join(f"  {q(x)}: \"*\"\n" for x in deps) if deps else "dependencies: {}\n"))
    if b == "requirements.yml":
        c = [x for x in deps if re.fullmatch(r"\w+\.\w+", x)]
        r = [x for x in deps if x not in c]
        t = ""
        for key, xs in (("collections", c), ("roles", r)):
            if xs:
                t += key + ":\n" + "".join(f"  - name: {q(x)}\n" for x in xs)
        return "---\n" + (t or "roles: []\n")
    if b == "Chart.yaml":
        t = f"apiVersion: v2\nname: {ident(parent).lower()}\nversion: 0.1.0\n"
        return t + ("dependencies:\n" + "".join(f"  - name: {q(x)}\n    version: \"*\"\n" for x in deps) if deps else "")
    if b in ("environment.yml", "environment.yaml"):
        return "dependencies:\n" + "".join(f"  - {q(x)}\n" for x in deps) if deps else "dependencies: []\n"
    return "".join(x + "\n" for x in deps)      # requirements*.txt and the like


# ---------------------------------------------------------------- markers
def marker(path, m):
    k = m["kind"]
    low = path.lower()
    if k == "dockerfile":
        return "".join(f"FROM {x}\n" for x in m["from"])
    if k == "compose":
        t = "services:\n"
        for name, image in m["services"].items():
            t += f"  {q(name)}:\n    " + ("build: .\n" if image == "build" else f"image: {q(image)}\n")
        return t
    if k == "cloudformation":
        used, res = set(), {}
        for x in m["resources"]:
            res[ident(x.split("::")[-1], used).replace("_", "")] = {"Type": x}
        if low.endswith(".json"):
            return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": res}, indent=2) + "\n"
        return 'AWSTemplateFormatVersion: "2010-09-09"\nResources:' + ("".join(f"\n  {n}:\n    Type: {v['Type']}" for n, v in res.items()) or " {}") + "\n"
    if k == "arm":
        return json.dumps({"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
                           "resources": [{"type": x, "apiVersion": "2023-01-01", "name": f"r{i}"} for i, x in enumerate(m["resources"])]}, indent=2) + "\n"
    if k == "bicep":
        return "".join(f"resource r{i} '{x}@2023-01-01' = {{\n  name: 'r{i}'\n}}\n" for i, x in enumerate(m["resources"]))
    if k == "k8s":
        api = m.get("api") or ["v1"]
        return "".join(f"---\napiVersion: {api[min(i, len(api) - 1)]}\nkind: {x}\nmetadata:\n  name: example-{i}\n" for i, x in enumerate(m["kinds"]))
    if k == "ansible_playbook":
        t = "---\n"
        for i, h in enumerate(m["hosts"] or ["all"]):
            t += f"- hosts: {q(h)}\n"
            if i == 0 and m.get("roles"):
                t += "  roles:\n" + "".join(f"    - {q(r)}\n" for r in m["roles"])
            else:
                t += "  tasks: []\n"
        return t
    if k == "ansible_tasks":
        return "---\n" + "".join(f"- name: step {i}\n  {q(x)}: {{}}\n" for i, x in enumerate(m["modules"]))
    if k == "pulumi":
        return f"name: example\nruntime: {m['runtime']}\n"
    if k == "dbt_project":
        return "name: example\nversion: \"1.0\"\nconfig-version: 2\nprofile: example\n"
    if k == "terraform":
        t = "terraform {\n  backend " + q(m["backend"]) + " {}\n}\n" if m.get("backend") else ""
        t += "".join(f"provider {q(x)} {{}}\n" for x in m.get("providers", []))
        t += "".join(f"data {q(x)} \"this\" {{}}\n" for x in m.get("data", []))
        t += "".join(f"resource {q(x)} \"this\" {{}}\n" for x in m.get("resources", []))
        return t + "".join(f"module {q(x)} {{\n  source = {q('./modules/' + x)}\n}}\n" for x in m.get("modules", []))
    if k == "python":
        return "".join(f"import {x}\n" for x in m["imports"])
    if k == "procfile":
        return "".join(f"{x}: echo {x}\n" for x in m["processes"])
    return ""


# ---------------------------------------------------------------- tree
def safe(rel):
    p = PurePosixPath(rel)
    return not p.is_absolute() and ".." not in p.parts and ".git" not in p.parts and "\x00" not in rel


def write(root, rel, text=""):
    if not safe(rel):
        return
    p = root / rel
    p.parent.mkdir(parents=True, exist_ok=True)
    p.write_text(text, encoding="utf-8")


EXTENSIONS = {
    "Python": ".py", "JavaScript": ".js", "TypeScript": ".ts", "TSX": ".tsx", "JSX": ".jsx", "Vue": ".vue", "Svelte": ".svelte", "Go": ".go",
    "Ruby": ".rb", "PHP": ".php", "Java": ".java", "Kotlin": ".kt", "Scala": ".scala", "Rust": ".rs", "C": ".c", "C++": ".cpp", "C#": ".cs",
    "Swift": ".swift", "Shell": ".sh", "SQL": ".sql", "YAML": ".yaml", "HCL": ".tf", "Terraform": ".tf", "HTML": ".html", "CSS": ".css", "SCSS": ".scss",
    "Jinja": ".j2", "Nix": ".nix", "Jsonnet": ".jsonnet", "Bicep": ".bicep", "Elixir": ".ex", "Haskell": ".hs", "Lua": ".lua", "Perl": ".pl",
    "R": ".r", "Dart": ".dart", "Zig": ".zig", "PowerShell": ".ps1", "Groovy": ".groovy", "OCaml": ".ml", "Clojure": ".clj", "Erlang": ".erl",
}


def fill(root, lines_by_language, cap=400_000):
    """Give the tree as many lines of each language as the real repository has (at most `cap` in all), 500 to a file."""
    left = cap
    for language, n in sorted(lines_by_language.items(), key=lambda kv: -kv[1]):
        ext = EXTENSIONS.get(language, "." + re.sub(r"[^a-z0-9]", "", language.lower()))
        line = "- pad\n" if ext == ".yaml" else "pad = 0\n"
        n = min(n, left)
        left -= n
        for i in range(0, n, 500):
            write(root, f"_more/lines{i // 500:04d}{ext}", line * min(500, n - i))


def build(e, out, git=True, spec=True, pad=False):
    root = Path(out) / e["id"]
    if root.exists() and any(root.iterdir()):
        sys.exit(f"{root} exists and is not empty")
    root.mkdir(parents=True, exist_ok=True)
    name = (e.get("repo") or e["id"]).split("/")[-1]
    for f in e.get("files", []):
        write(root, f)
    for path, m in (e.get("markers") or {}).items():
        write(root, path, marker(path, m))
    for path, deps in (e.get("manifests") or {}).items():
        write(root, path, manifest(path, deps, (e.get("manifests_dev") or {}).get(path, []), (e.get("manifest_facts") or {}).get(path, {}), name))
    if e.get("readme"):
        for f in e.get("files", []):
            if "/" not in f and re.match(r"readme(\.\w+)?$", f, re.I):
                write(root, f, f"# {name}\n\n{e['readme']}\n")
                break
    if pad:
        have, made = {}, 0
        for f in e.get("files", []):
            key = (f.split("/")[0] if "/" in f else ".") + "|" + os.path.splitext(f)[1].lower()
            have[key] = have.get(key, 0) + 1
        for key, n in (e.get("stats") or {}).get("files_by_dir_ext", {}).items():
            top, ext = key.split("|", 1)
            for i in range(n - have.get(key, 0)):
                if made >= 10000:
                    break
                write(root, ("" if top == "." else top + "/") + f"_more/f{i:05d}{ext}")
                made += 1
        fill(root, (e.get("stats") or {}).get("lines_by_language", {}))
    if spec:
        write(root, "spec.md", e["spec"])
    if git:
        env = dict(os.environ, GIT_AUTHOR_NAME="Corpus", GIT_AUTHOR_EMAIL="corpus@example.invalid", GIT_COMMITTER_NAME="Corpus",
                   GIT_COMMITTER_EMAIL="corpus@example.invalid", GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_SYSTEM=os.devnull)
        for key in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
            env.pop(key, None)
        def run(*a):
            subprocess.run(["git", "-c", "core.hooksPath=" + os.devnull, "-c", "init.defaultBranch=main", "-c", "core.autocrlf=false", *a],
                           cwd=root, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        run("init", "-q")
        run("add", "-A", "-f")
        run("commit", "-q", "--allow-empty", "-m", "Import")
    return root


def main(argv=None):
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--corpus", help="JSONL file (default: the ones next to this script)")
    ap.add_argument("--out", help="directory in which the trees are made")
    ap.add_argument("--id", action="append", default=[], help="entry id; may be repeated")
    ap.add_argument("--all", action="store_true")
    ap.add_argument("--list", action="store_true", help="print ids and kinds")
    ap.add_argument("--no-git", action="store_true", help="no repository, only files")
    ap.add_argument("--no-spec", action="store_true", help="leave spec.md out")
    ap.add_argument("--pad", action="store_true", help="add files up to the true number (at most 10000) and lines up to the true number by language (at most 400000)")
    a = ap.parse_args(argv)
    entries = load(a.corpus)
    if a.list:
        for e in entries:
            print(e["id"], e["kind"], e.get("repo") or "-")
        return
    if not a.out or not (a.all or a.id):
        ap.error("need --out and one of --id, --all")
    unknown = set(a.id) - {e["id"] for e in entries}
    if unknown:
        sys.exit("unknown id: " + ", ".join(sorted(unknown)))
    for e in entries:
        if a.all or e["id"] in a.id:
            print(build(e, a.out, not a.no_git, not a.no_spec, a.pad))


if __name__ == "__main__":
    main()
