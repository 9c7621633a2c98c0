-- args: request, by, reason -> "paused" | "held" (by another, too) | "already"
verb('pause', function(job, args)
  local request, by, reason = unpack(args)
  local status = redis.call('HGET', job, 'status')
  if not status or ended(status) or redis.call('HEXISTS', job, 'pause:' .. by) == 1 then
    return 'already', false
  end
  pauseJob(job, by, reason)
  changed(job, request)
  return status == 'paused' and 'held' or 'paused', true
end)
