"""Functions in a process of their own that cannot take more time, memory or disk than it is given."""

from analysis.sandbox.answers import decode_answer, encode_answer
from analysis.sandbox.folders import temporary_folder
from analysis.sandbox.sandbox import SandboxError, run_limited
from analysis.sandbox.serving import serve

__all__ = ["SandboxError", "decode_answer", "encode_answer", "run_limited", "serve", "temporary_folder"]
