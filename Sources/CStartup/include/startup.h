/// Nothing to call: what this target does, it does before Swift's runtime starts.
