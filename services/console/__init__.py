"""The console 工作台: the page in the browser, who is signed in there, and the way from it to the services.

I own nothing, say nothing and hear nothing: what people see and do is the services' own, with the token of whoever does
it, and what I know of somebody is in the sealed cookie that their browser keeps.
"""
