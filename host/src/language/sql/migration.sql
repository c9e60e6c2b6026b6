{{metadata}}
-- upgrade


{{downgrade}}

