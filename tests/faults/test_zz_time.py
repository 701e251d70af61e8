import time
from tests.faults.load import under_load
from tests.instance import SERVICES
async def test_t(houniao):
    async with under_load(houniao) as load:
        for s in SERVICES:
            t=time.time(); await load.reaches(50); t1=time.time(); code=await houniao.stop(s); t2=time.time(); houniao.start(s); await houniao.ready(s); t3=time.time()
            print(s, "load50 %.1f stop %.1f start %.1f"%(t1-t,t2-t1,t3-t2), len(load.accepted), load.retries)
    t=time.time()
    await load.must_be_whole(); print("whole %.1f"%(time.time()-t))
    for s in SERVICES: print(houniao.tail(s))
