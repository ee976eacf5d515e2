"""The half of registry/ that needs SeqIO and TensorFlow: sources, the preprocessor, foreign tasks.

SeqIO is imported before any module in here is, because its arrival registers what is pending
(`seqio_arrival`), which in turn imports these modules whole.
"""

import seqio as seqio
