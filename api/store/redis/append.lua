-- args: request, atMs, events kept, events (JSON)… -> number of the last event; "0" for a job that does not exist
verb('append', function(job, args)
  if redis.call('EXISTS', job) == 0 then
    return '0', false
  end
  local count = #args - 3
  local last = redis.call('HINCRBY', job, 'events', count)
  for at = 4, #args do
    redis.call('XADD', job .. ':events', int(last - count + at - 3) .. '-0', 't', args[2], 'e', args[at])
  end
  redis.call('XTRIM', job .. ':events', 'MAXLEN', args[3])
  if count > 0 then
    redis.call('PUBLISH', job .. ':events', args[1])
  end
  return int(last), count > 0
end)
