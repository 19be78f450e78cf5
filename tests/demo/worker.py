# SPDX-License-Identifier: GPL-2.0-only
"""Processes that take commands, all the same one, and answer a line each."""

import os
import subprocess
import sys

import vm

HERE = os.path.dirname(os.path.abspath(__file__))


class Workers:
    """Each ask() is followed by one of answers(), totals() and errors()."""

    def __init__(self, cgroup, commands):
        self.processes = [
            subprocess.Popen((sys.executable, os.path.join(HERE, script), *args),
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             text=True, bufsize=1, preexec_fn=vm.join(cgroup))
            for script, *args in commands]

    def ask(self, command):
        for process in self.processes:
            try:
                process.stdin.write(command + "\n")
            except BrokenPipeError:
                pass    # answers() finds out why

    def answers(self):
        """The words of each answer; None of a process that died."""
        for process in self.processes:
            line = process.stdout.readline()
            if not line:
                print(f"{process.args[1]} ended with {process.wait()}",
                      file=sys.stderr, flush=True)
            yield line.split() or None

    def totals(self):
        """The numbers of the answers, added up over the processes."""
        answers = list(self.answers())
        if None in answers:
            raise RuntimeError("a process died")
        return [sum(int(words[n]) for words in answers)
                for n in range(1, len(answers[0]))]

    def end(self):
        for process in self.processes:
            process.stdin.close()
            process.wait()

    def errors(self):
        """Errors of a check; one that cannot answer is an error, too."""
        return sum(int(words[2]) if words else 1 for words in self.answers())
