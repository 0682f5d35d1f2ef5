"""What container hosts are told: the pod of a task is one that Kubernetes takes, and names what the image has."""

from __future__ import annotations

import re
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "deploy" / "kubernetes"


@pytest.fixture
def pod() -> dict:
    return yaml.safe_load((FOLDER / "pod_template.yaml").read_text())


@pytest.mark.parametrize("version", ["1.30", kubernetes_validate.latest_version()])
def test_the_pod_of_a_task_is_what_kubernetes_takes(pod, version) -> None:
    kubernetes_validate.validate(pod, version, strict=True)
    pod["spec"]["containers"][0]["limitz"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(pod, version, strict=True)


def test_the_pod_of_a_task_is_shut_and_keeps_nothing(pod) -> None:
    spec, (task,) = pod["spec"], pod["spec"]["containers"]
    assert task["name"] == "base"
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["automountServiceAccountToken"] is False
    assert task["securityContext"]["readOnlyRootFilesystem"]
    assert task["securityContext"]["capabilities"]["drop"] == ["ALL"]
    assert all("emptyDir" in volume for volume in spec["volumes"])
    assert task["resources"]["limits"]["memory"]


def test_user_image_and_versions_are_those_of_the_rest(pod) -> None:
    values = yaml.safe_load((FOLDER / "values.yaml").read_text())
    (user,) = re.findall(r"--uid (\d+)", (ROOT / "Dockerfile").read_text())
    assert pod["spec"]["securityContext"]["runAsUser"] == values["uid"] == int(user)
    version = re.search(r'__version__ = "(.*)"', (ROOT / "plugins/reelhouse/__init__.py").read_text())[1]
    image = f"{values['defaultAirflowRepository']}:{values['defaultAirflowTag']}"
    assert pod["spec"]["containers"][0]["image"] == image == f"reelhouse:{version}"
    assert f"apache-airflow=={values['airflowVersion']} " in (ROOT / "requirements.txt").read_text()
    text = (FOLDER / "values.yaml").read_text() + (FOLDER / "pod_template.yaml").read_text()
    assert not re.search(r"(?i)password:|secret_key:|://[^/\s]*:[^/\s]*@", text)
