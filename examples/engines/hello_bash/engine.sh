# The host writes one JSON object per line, without spaces, `type` first and `run` second.
manifest=$(tr -d '\n' < manifest.json)
while IFS= read -r line; do
  [[ $line =~ \"run\":\"([^\"]*)\" ]] && run=${BASH_REMATCH[1]}
  case $line in
    '{"type":"hello"'*) echo "{\"type\":\"ready\",\"protocol\":1,\"engine\":$manifest}" ;;
    '{"type":"run"'*'"operation":"hello_bash.greet"'*)
      echo "{\"type\":\"progress\",\"run\":\"$run\",\"fraction\":0.5}"
      # What the expression finds is escaped already.
      [[ $line =~ \"name\":(\"([^\"\\]|\\.)*\") ]]
      echo "{\"type\":\"done\",\"run\":\"$run\",\"report\":{\"greeting\":\"Hello, ${BASH_REMATCH[1]:1:-1}!\"}}" ;;
    '{"type":"run"'*)
      echo "{\"type\":\"failed\",\"run\":\"$run\",\"kind\":\"params\",\"message\":\"No such operation.\"}" ;;
  esac
done
