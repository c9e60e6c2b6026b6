SELECT 1 \gexec
\! ls