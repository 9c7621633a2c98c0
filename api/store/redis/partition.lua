-- Where the tasks of the current stage stand.
-- -> { stage, done, { "lo:hi:attempts", … }, { "front hi attempts holder [holder]", … } }, or {} for a job that
--    is not there or has ended
redis.register_function({
  function_name = 'sparegrid_4_partition',
  flags = { 'no-writes' },
  callback = function(keys)
    local job = keys[1]
    local status, stage, done = unpack(redis.call('HMGET', job, 'status', 'stage', 'done'))
    if not status or ended(status) then
      return {}
    end
    local claims = {}
    for _, packed in ipairs(redis.call('HVALS', job .. ':claims')) do
      local place, tokens = packed:match('^(%d+ %d+ %d+) %S+ (.*)$')
      local holders = {}
      for token in tokens:gmatch('%S+') do
        local _, holder = readLease(job, token)
        table.insert(holders, holder)
      end
      table.insert(claims, place .. ' ' .. table.concat(holders, ' '))
    end
    return { stage, done, redis.call('ZRANGE', job .. ':pending', 0, -1), claims }
  end,
})
