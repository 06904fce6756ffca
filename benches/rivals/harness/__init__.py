"""What `run` is made of, standard library only: it runs before anything is installed.

`places` says where things lie; `steps`, `environment`, `models` and `builds` make them;
`contenders` lists who takes part, `program` talks to one, `golden` checks vectors, `texts`
says what is asked, `rounds` measures, `machine` and `report` write.
"""
