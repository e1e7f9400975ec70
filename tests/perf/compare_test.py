"""What perf/compare says to equal, noisy, slower and broken results. Usage: compare_test.py COMPARE"""

import pathlib
import subprocess
import sys
import unittest

FOLDER = pathlib.Path(__file__).resolve().parent
COMPARE = pathlib.Path(sys.argv.pop())


class CompareTest(unittest.TestCase):
    def compare(self, new, *arguments, old="base.json"):
        command = [sys.executable, COMPARE, FOLDER / old, FOLDER / new, *arguments]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        return run.returncode, run.stdout, run.stderr

    def test_equal(self):
        code, out, err = self.compare("base.json")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("4 compared, 0 worse", out)

    def test_noise_and_ratios_are_not_judged(self):
        self.assertEqual(self.compare("noise.json")[0], 0)

    def test_planted_slowdown_of_ten_percent(self):
        code, out, _ = self.compare("slower.json")
        self.assertEqual(code, 1)
        worse = [line for line in out.splitlines() if line.endswith(" worse") and " compared" not in line]
        self.assertEqual(len(worse), 1)
        self.assertIn("lammps/mtp/level:16", worse[0])
        self.assertIn(" 1.100 ", worse[0])

    def test_the_other_way_round_is_better(self):
        code, out, _ = self.compare("base.json", old="slower.json")
        self.assertEqual(code, 0)
        self.assertIn("better", out)

    def test_less_is_better_for_memory(self):
        self.assertEqual(self.compare("memory.json")[0], 1)
        self.assertEqual(self.compare("base.json", old="memory.json")[0], 0)

    def test_options(self):
        self.assertEqual(self.compare("slower.json", "--tolerance", "0.2")[0], 0)
        self.assertEqual(self.compare("slower.json", "--only", "level:8")[0], 0)

    def test_nothing_to_compare(self):
        code, _, err = self.compare("slower.json", "--only", "no such name")
        self.assertEqual(code, 2)
        self.assertIn("found no benchmark", err)

    def test_clocks_are_not_mixed(self):
        code, _, err = self.compare("cpu_clock.json")
        self.assertEqual(code, 2)
        self.assertIn("found the clock cpu, expected wall", err)

    def test_missing_and_broken_files(self):
        for new in ("missing.json", "broken.json", "compare_test.py"):
            code, out, err = self.compare(new)
            self.assertEqual((code, out), (2, ""), new)
            self.assertEqual(err.count("\n"), 1, err)
            self.assertIn(new, err)


if __name__ == "__main__":
    unittest.main()
