-- Deletes some outputs of dropped stages. args: request -> "more" | "none"
local chunksCollectedMax = 200

verb('collect', function(job)
  local stage = redis.call('SRANDMEMBER', job .. ':garbage')
  if stage then
    if deleteOutputs(job, stage, chunksCollectedMax) then
      redis.call('SREM', job .. ':garbage', stage)
    end
    return 'more', false
  end
  return 'none', false
end)
