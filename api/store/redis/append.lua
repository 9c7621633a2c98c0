-- args: request, atMs, events kept, events (JSON)… -> number of the last event; "0" for a job that does not exist
verb('append', function(job, args)
  if redis.call('EXISTS', job) == 0 then
    return '0', false
  end
  return int(appendEvents(job, args[1], args[2], args[3], args, 4, #args)), #args > 3
end)
