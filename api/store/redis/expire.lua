-- args: request, nowMs, attemptsMax -> "requeued exhausted"
verb('expire', function(job, args)
  local requeued, attempts = 0, 0
  for _, token in ipairs(redis.call('ZRANGEBYSCORE', job .. ':deadlines', '-inf', args[2])) do
    local used, held = detach(job, token, true)
    attempts = math.max(attempts, used)
    if held then
      requeued = requeued + 1
    end
  end
  if requeued > 0 then
    changed(job, args[1])
  end
  local exhausted = requeued > 0 and attempts >= tonumber(args[3])
  return int(requeued) .. ' ' .. (exhausted and '1' or '0'), requeued > 0
end)
