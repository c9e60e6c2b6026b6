SELECT E'a'
  -- between
  '\'' , U&'\0441' UESCAPE '!' , B'01', X'1F', N'x', $tag$ $$ $tag$