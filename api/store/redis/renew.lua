-- args: request, deadlineMs, tokens… -> tokens that hold nothing any more, separated by spaces
verb('renew', function(job, args)
  local gone = {}
  for at = 3, #args do
    local id = readLease(job, args[at])
    if id and redis.call('HEXISTS', job .. ':claims', id) == 1 then
      redis.call('ZADD', job .. ':deadlines', args[2], args[at])
    else
      table.insert(gone, args[at])
    end
  end
  return table.concat(gone, ' '), false
end)
