"""Lessons: data files that text, questions and the view beside them come from. Adding one takes no Python."""

from moonviz.lessons.checking import check, check_file, check_text
from moonviz.lessons.faults import Fault
from moonviz.lessons.numbers import Number, number_of
from moonviz.lessons.reading import Lesson, lesson_files, lessons, read_lesson

__all__ = [
    "Fault",
    "Lesson",
    "Number",
    "check",
    "check_file",
    "check_text",
    "lesson_files",
    "lessons",
    "number_of",
    "read_lesson",
]
