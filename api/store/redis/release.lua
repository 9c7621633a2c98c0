-- args: request, penalty ("1"), attemptsMax, tokens… -> "released" | "exhausted"
verb('release', function(job, args)
  local penalty = args[2] == '1'
  local attempts, held, requeued = 0, false, false
  for at = 4, #args do
    local used, had, again = detach(job, args[at], penalty)
    attempts = math.max(attempts, used)
    held, requeued = held or had, requeued or again
  end
  if requeued then
    changed(job, args[1])
  end
  return (penalty and attempts >= tonumber(args[3])) and 'exhausted' or 'released', held
end)
