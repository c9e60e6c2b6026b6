{{metadata}}
-- upgrade


-- downgrade

