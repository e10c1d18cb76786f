#!/usr/bin/env node
// `serve status` as users of Ray Serve type it: the same command line.
import '../dist/cli/main.js';
