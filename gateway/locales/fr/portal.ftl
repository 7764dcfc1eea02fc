# L’accueil de l’intranet, vu d’une mairie.

portal-name = Intranet
portal-entry-home = Accueil
portal-entry-people = Annuaire
portal-lead = Bienvenue sur l’intranet des mairies de la communauté.

portal-notice = Annonce de la communauté
portal-notice-date = Publiée le { $day }
portal-no-notice = Pas d’annonce en ce moment.

portal-link = Votre liaison
portal-link-good = Bonne
portal-link-good-means = Ce poste est relié à la communauté, et tout va bien.
portal-link-slow = Lente
portal-link-slow-means = Ce poste est relié à la communauté. La ligne est lente : les pages arrivent, avec un peu de patience.
portal-link-unsteady = Instable
portal-link-unsteady-means = Ce poste est relié à la communauté. Les réponses arrivent tantôt vite, tantôt lentement.
portal-link-lossy = Irrégulière
portal-link-lossy-means = Ce poste est relié à la communauté. La ligne perd une partie de ce qu’elle transporte : ce qui se perd est renvoyé, cela prend du temps.
portal-link-uncertain = Incertaine
portal-link-uncertain-means = La liaison vient d’être coupée ou se rétablit. Elle revient d’elle-même.
portal-link-unmeasured = Établie
portal-link-unmeasured-means = Ce poste est relié à la communauté.
portal-round-trip = Aller-retour : { $milliseconds } ms
portal-lost = Perdu en route : { $percent } %

portal-help = Une difficulté ?
portal-help-wait = Attendez une minute : une liaison coupée revient d’elle-même, et rien de ce qui est enregistré n’est perdu.
portal-help-box = Si rien ne revient, vérifiez que la box de la mairie est allumée et que le téléphone fonctionne.
portal-help-call = Ensuite : { $help }
portal-help-referent = Ensuite, appelez le référent de la communauté.
