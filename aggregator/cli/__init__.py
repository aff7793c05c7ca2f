"""The command line: builds client, archive, scheduler and page, and hands them down.

Exit codes: 0 done, 1 failed or nothing found, 2 wrong use.
"""

import gc
import sys

from aggregator.errors import AggregatorError, ConfigurationError, QueryError


def main() -> None:
    """Run the command line; errors that a user can mend are told in a line, not as a traceback."""
    # Here, because each worker process imports the main module anew, and needs nothing of this.
    from aggregator.cli.app import app
    from aggregator.cli.output import complain

    # Rounds make many objects that live until their batch is kept; by default the collector looks every 700 (5 % of a round).
    gc.set_threshold(10_000)
    try:
        app()
    except (ConfigurationError, QueryError) as error:
        complain(str(error))
        sys.exit(2)
    except AggregatorError as error:
        complain(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
