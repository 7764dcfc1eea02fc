# La page d’administration : le premier compte, la connexion, qui a fait quoi.

admin-name = Administration du réseau
admin-entry-links = Liaisons
admin-entry-invitations = Bons de raccordement
admin-entry-notice = Annonce
admin-entry-updates = Mises à jour
admin-entry-acts = Qui a fait quoi
admin-entry-settings = Réglages

admin-not-a-referents-machine = Ce poste n’est pas celui d’un référent : la page d’administration ne s’y ouvre pas. Si ce poste doit servir à un référent, un autre référent peut l’autoriser.

admin-set-up = Mise en service
admin-set-up-lead = Créez le compte du premier référent. Il pourra raccorder les mairies et veiller sur leurs liaisons.
admin-label-code = Code d’installation
admin-hint-code = Quatre groupes de quatre signes, affichés par la passerelle à son premier démarrage. Majuscules, espaces et tirets sont indifférents.
admin-label-name = Prénom et nom
admin-hint-name = C’est avec ce nom que vous vous connecterez.
admin-label-password = Mot de passe
admin-label-new-password = Nouveau mot de passe
admin-hint-password = 12 caractères au moins. Quatre ou cinq mots sans rapport entre eux font un bon mot de passe, facile à retenir.
admin-label-again = Le même, une seconde fois
admin-show-password = Afficher le mot de passe
admin-show-passwords = Afficher les mots de passe
admin-button-set-up = Créer le compte
admin-welcome = Votre compte est créé. Bienvenue !
admin-no-name = Écrivez votre prénom et votre nom.
admin-long-name = Ce nom est trop long : 80 caractères au plus.
admin-short-password = Ce mot de passe est trop court : il faut 12 caractères au moins.
admin-long-password = Ce mot de passe est trop long : 200 caractères au plus.
admin-common-password = Ce mot de passe serait vite deviné : il tient à des mots que tout le monde essaie, ou à votre nom. Choisissez-en un autre.
admin-passwords-differ = Les deux mots de passe ne sont pas les mêmes. Tapez-les de nouveau.

admin-with-code = Nouveau mot de passe
admin-with-code-lead = Avec le code donné sur le serveur, choisissez un mot de passe. Vos sessions ouvertes seront fermées.
admin-label-given-code = Code donné sur le serveur
admin-hint-given-code = Quatre groupes de quatre signes, affichés par « beffroi-gateway account ». Majuscules, espaces et tirets sont indifférents.
admin-button-with-code = Choisir ce mot de passe
admin-back-to-sign-in = Revenir à la connexion
admin-with-a-code = avec un code donné sur le serveur
admin-code-of-another = Ce code est celui du compte « { $name } ». Écrivez ce nom, ou demandez un autre code.

admin-sign-in = Connexion
admin-button-sign-in = Se connecter
admin-unrecognised = Le nom ou le mot de passe n’est pas le bon. Vérifiez la touche Majuscule, puis recommencez.
admin-wait = Trop d’essais. Attendez { $seconds ->
    [one] une seconde
   *[other] { $seconds } secondes
}, puis recommencez.
admin-session-over = Votre session était terminée. Connectez-vous de nouveau : ce que vous aviez écrit est gardé.
admin-forgotten = Mot de passe oublié ?
admin-forgotten-how = Sur le serveur, dans un terminal, tapez cette commande suivie de votre nom :
admin-forgotten-then = Un code s’affiche : il permet, une fois, de choisir un nouveau mot de passe.
admin-type-the-code = Taper le code
admin-signed-out = Votre session est fermée.
admin-resume = Reprendre
admin-resume-lead = Votre session est rouverte. Ce que vous aviez écrit n’a pas encore été envoyé.
admin-button-resume = Envoyer maintenant
admin-give-up = Ne pas l’envoyer

admin-account = Mon compte
admin-account-lead = Compte de référent.
admin-change-password = Changer de mot de passe
admin-label-current = Mot de passe actuel
admin-button-change = Changer le mot de passe
admin-password-changed = Le mot de passe est changé. Vos autres sessions sont fermées.

admin-acts = Qui a fait quoi
admin-acts-lead = Tout ce qui a été changé depuis douze mois, du plus récent au plus ancien. Rien ne peut en être retiré ni modifié sans que cela se voie.
admin-acts-save = Enregistrer le tableau
admin-acts-verify = Vérifier
admin-acts-last = Acte nº { $number }, empreinte :
admin-acts-last-hint = Notez-la quelque part : elle permettra de prouver que rien n’a été retiré jusqu’à cet acte.
admin-acts-none = Rien n’a encore été changé.
admin-acts-caption = Actes enregistrés
admin-acts-when = Quand
admin-acts-who = Qui
admin-acts-what = A fait
admin-acts-about = Quoi
admin-acts-older = Plus anciens
admin-acts-latest = Les plus récents

admin-guide = Guide du référent
admin-guide-contents = Sommaire

admin-settings = Réglages
admin-settings-lead = Ce qui est ouvert sur internet, en plus du port des liaisons.
admin-carrier = Le chemin de secours
admin-carrier-open = Ouvert
admin-carrier-closed = Fermé
admin-carrier-by = par { $who }, { $when }
admin-carrier-what = Certains réseaux ne laissent passer que les sites web : une école, un hôtel, un partage de connexion. La liaison d’une mairie n’y passe pas. Avec le chemin de secours, elle emprunte le port 443, celui des sites web : plus lentement, mais aussi bien protégée.
admin-carrier-how = Les postes n’ont rien à régler. Ils l’essaient d’eux-mêmes quand le chemin habituel ne répond pas, et le quittent dès qu’il répond de nouveau. La page des liaisons dit quels postes l’empruntent.
admin-carrier-box-title = Sur la box ou le routeur :
admin-carrier-box = faites suivre le port 443, en TCP, vers ce serveur, de la même façon que le port des liaisons, en UDP. Sans cela, le chemin de secours ne sert à rien.
admin-carrier-strangers = Un inconnu qui s’y présente ne trouve qu’une page vide.
admin-carrier-do-open = Ouvrir le chemin de secours
admin-carrier-close = Fermer le chemin de secours
admin-carrier-is-open = Le chemin de secours est ouvert.
admin-carrier-is-closed = Le chemin de secours est fermé. Les mairies qui l’empruntaient sont coupées.
admin-carrier-later = C’est enregistré, mais le service des liaisons ne répond pas : ce sera fait dès qu’il répondra.
