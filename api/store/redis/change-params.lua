-- args: request, change (JSON of one line), changesMax -> "changed" | "ended" | "full"
verb('change_params', function(job, args)
  local request, change, changesMax = unpack(args)
  local status, changes, count = unpack(redis.call('HMGET', job, 'status', 'changes', 'changeCount'))
  if not status or ended(status) then
    return 'ended', false
  end
  if tonumber(count or 0) >= tonumber(changesMax) then
    return 'full', false
  end
  -- As text: Lua would round the numbers in it.
  redis.call('HSET', job, 'changes', changes and changes .. '\n' .. change or change)
  redis.call('HINCRBY', job, 'changeCount', 1)
  changed(job, request)
  return 'changed', true
end)
