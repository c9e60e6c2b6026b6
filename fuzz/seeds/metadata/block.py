#!/usr/bin/env python3
# /// migration
# revision = 'a'
#
# ///
